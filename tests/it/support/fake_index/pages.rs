//! The pages of the fake index, in both forms.

use serde_json::{Value, json};

use super::FakeFile;

fn address(project: &str, file: &FakeFile) -> String {
    let relative = || format!("../../files/{project}/{}", file.name.replace('+', "%2B"));
    file.url.clone().unwrap_or_else(relative)
}

pub(super) fn json_page(project: &str, files: &[FakeFile]) -> String {
    let entries: Vec<Value> = files
        .iter()
        .map(|file| {
            json!({
                "filename": file.name,
                "url": address(project, file),
                "hashes": file.sha256.as_ref().map_or_else(|| json!({}), |sum| json!({ "sha256": sum })),
                "size": file.size,
                "upload-time": file.uploaded,
                "yanked": file.yanked.as_ref().map_or_else(|| json!(false), |reason| json!(reason)),
            })
        })
        .collect();
    json!({ "meta": { "api-version": "1.1" }, "name": project, "files": entries }).to_string()
}

pub(super) fn html_page(project: &str, files: &[FakeFile]) -> String {
    let mut page = format!("<!DOCTYPE html><html><title>Links for {project}</title><body>\n");
    for file in files {
        let hash = file
            .sha256
            .as_ref()
            .map_or_else(String::new, |sum| format!("#sha256={sum}"));
        let yanked = file.yanked.as_ref().map_or_else(String::new, |reason| {
            format!(" data-yanked=\"{}\"", reason.replace('"', "&quot;"))
        });
        let url = address(project, file).replace('&', "&amp;");
        page.push_str(&format!(
            "<a href=\"{url}{hash}\"{yanked}>{}</a><br>\n",
            file.name
        ));
    }
    page + "</body></html>"
}
