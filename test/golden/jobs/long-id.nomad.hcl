job "a-job-whose-id-is-as-long-as-people-make-them-when-a-pipeline-glues-branch-names-and-tickets-to-it/feature-JIRA-12345-rework-of-everything/build.4711" {
  type = "batch"
  task "t" {
    driver = "exec"
    config {
      command = "true"
    }
  }
}
