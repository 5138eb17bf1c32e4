//! What shells and `man` are told of the command line.

use rstest::rstest;

use crate::support::command::User;

#[rstest]
#[case("bash", "complete -F _rewheel")]
#[case("zsh", "#compdef rewheel")]
#[case("fish", "complete -c rewheel")]
#[case("powershell", "Register-ArgumentCompleter")]
fn every_shell_completes_the_commands(#[case] shell: &str, #[case] says: &str) {
    let ran = User::new().run(&["completions", shell]);
    ran.exits(0).says(says).says("check-now").says("daemon");
    assert_eq!(ran.stderr, "");
}

#[test]
fn the_manual_page_names_every_command() {
    let ran = User::new().run(&["man"]);
    ran.exits(0).says(".TH rewheel 1");
    for command in [
        "check\\-now",
        "daemon",
        "inspect",
        "openssl",
        "config",
        "completions",
    ] {
        ran.says(&format!("rewheel\\-{command}(1)"));
    }
}

#[rstest]
#[case(&["completions", "tcsh"], "invalid value 'tcsh'")]
#[case(&["chek-now"], "a similar subcommand exists: 'check-now'")]
#[case(&["check-now", "--al-versions", "x"], "a similar argument exists: '--all-versions'")]
fn the_nearest_right_word_is_told(#[case] arguments: &[&str], #[case] says: &str) {
    User::new().run(arguments).exits(2).complains(says);
}
