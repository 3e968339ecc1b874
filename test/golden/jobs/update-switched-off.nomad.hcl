job "no-updates" {
  update {
    max_parallel      = 0
    stagger           = "0s"
    health_check      = ""
    min_healthy_time  = "0s"
    healthy_deadline  = "0s"
    progress_deadline = "0s"
  }

  task "t" {
    driver = "exec"
    config {
      command = "t"
    }
  }
}
