job "quiet" {
  task "t" {
    driver = "exec"
    config {
      command = "t"
    }
    logs {
      enabled = false
    }
  }
}
