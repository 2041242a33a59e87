//! What stands below the options in `--help` and on the manual pages: exit statuses, and examples of every command.
//!
//! A test reads each example as the command line would.

/// Of the program itself.
pub(super) const PROGRAM: &str = "\
Examples:
  countersign plan.json                     step through the findings in the terminal, then approve
  countersign --check plan.json             the gate for CI: report and exit status
  countersign --check --report sarif=countersign.sarif --report markdown=comment.md plan.json
  terraform show -json tfplan | countersign --check -
  countersign --check --plan-file tfplan plan.json      prove that both are one plan of this commit
  countersign --check 'plans/**/tfplan.json'            many plans, one verdict
  countersign verify plan.json && terraform apply tfplan
  countersign demo                          try it on an example

Environment:
  NO_COLOR          no colours, whatever else is set
  CLICOLOR_FORCE    colours also where standard output is no terminal; --color decides over both
  CI                no progress on standard error; the variables of CI systems also name the target branch

Exit status (where several hold, the first of 2, 4, 5, 1, 3, 0 wins):
  0  pass           nothing blocks; with --require-approval, a valid approval covers it
  1  blocked        a blocking finding is open, or a reviewer rejected
  2  usage          the command line or the configuration is wrong
  3  unapproved     an approval is missing or void; a review was left undecided
  4  input          the plan or the repository cannot be reviewed
  5  policy         a policy failed to load or to evaluate, or nothing was evaluated";

/// Of `verify`.
pub(super) const VERIFY: &str = "\
Examples:
  countersign verify plan.json && terraform apply tfplan
  countersign verify --plan-file tfplan plan.json       also refuse where plan file, JSON and commit differ
  countersign verify --base HEAD~1 plan.json            after a squash merge
  countersign verify --exact plan.json                  only for the very bytes that were approved
  countersign verify --consume plan.json && git push origin refs/notes/countersign && terraform apply tfplan

Exit status:
  0  pass           a valid approval covers this plan and commit
  3  unapproved     it does not; the reason is named
  2, 4, 5           usage, input, policy: it could not be asked. Everything but 0 means: do not apply";

/// Of `demo`.
pub(super) const DEMO: &str = "\
Examples:
  countersign demo                          open the reviewer on the example
  countersign demo --check                  print its findings; ends with 1, as some of them block
  countersign demo --check --format html --output demo.html
  countersign demo --keep                   keep the repository, to look around";

/// Of `approvals` and its commands.
pub(super) const APPROVALS: &str = "\
Examples:
  countersign approvals list                the approvals of HEAD: who, until when, how signed
  countersign approvals show 4c25865f       the statements of a commit's approvals
  countersign approvals revoke 3f9a1c20 --reason 'wrong workspace'
  countersign approvals purge --all         remove all review drafts of this user now";

/// Of `hook` and its commands.
pub(super) const HOOK: &str = "\
Examples:
  countersign hook install                  then, for fast-forward merges: git config merge.ff false
  countersign hook install --repo ../infrastructure
  countersign hook uninstall                earlier hooks come back
  countersign hook run pre-merge-commit     what git runs

Exit status: as of countersign --check; 3 also where the plan of a change that concerns Terraform is missing.";

/// Of `policy` and `policy list`, `policy show`.
pub(super) const POLICY: &str = "\
Examples:
  countersign policy list                   all policies that a review here uses
  countersign policy list -p policy --format json
  countersign policy show no-destroy        what it looks at, its settings, where it comes from
  countersign policy check policy           everything that is wrong, with file, line and column
  countersign policy test policy --coverage";

/// Of `policy test`.
pub(super) const TEST: &str = "\
Examples:
  countersign policy test                   the directories of countersign.toml, else policies
  countersign policy test policy --run owner_tag -v
  countersign policy test policy --coverage --threshold 90
  countersign policy test policy --format junit

Exit status:
  0  pass           all tests pass
  1  blocked        a test fails, or the coverage is below the threshold
  2  usage          the command line or the configuration is wrong
  5  policy         policies or tests do not load, or there is no test";

/// Of `policy check`.
pub(super) const CHECK: &str = "\
Examples:
  countersign policy check policy
  countersign policy check --format json

Exit status:
  0  pass           the policies can be used; there may be warnings
  2  usage          the command line or the configuration is wrong
  5  policy         they cannot be used";

/// Of `init`.
pub(super) const INIT: &str = "\
Examples:
  countersign init                          the CI job is for GitHub or GitLab, as the remote says
  countersign init --ci gitlab
  countersign init --ci none                configuration and starter policy only";

/// Of `completions`.
pub(super) const COMPLETIONS: &str = "\
Examples:
  countersign completions bash > ~/.local/share/bash-completion/completions/countersign
  countersign completions zsh > ~/.zfunc/_countersign
  countersign completions fish > ~/.config/fish/completions/countersign.fish
  countersign completions powershell >> $PROFILE
  countersign completions elvish >> ~/.config/elvish/rc.elv";

/// Of `man`.
pub(super) const MAN: &str = "\
Examples:
  countersign man | man -l -                read the page of the program
  countersign man ~/.local/share/man/man1   write the pages of all commands";

/// Of `diff`.
pub(super) const DIFF: &str = "\
Examples:
  countersign diff reviewed.json plan.json
  countersign diff --format json reviewed.json tfplan

Exit status:
  0  the same effect
  1  they differ
  2  usage
  4  a plan cannot be read";

/// Of `report`.
pub(super) const REPORT: &str = "\
Examples:
  countersign report schema
  countersign report merge network.json database.json";

/// Of `report schema`.
pub(super) const SCHEMA: &str = "\
Examples:
  countersign report schema > report.schema.json";

/// Of `report merge`.
pub(super) const MERGE: &str = "\
Examples:
  countersign report merge network.json database.json
  countersign report merge network.json database.json --report sarif=all.sarif --report markdown=summary.md

Exit status: the worst of the reports'; 2 usage; 4 one is no report, was edited, or they do not belong together.
It is a summary of what they say, no gate by itself.";
