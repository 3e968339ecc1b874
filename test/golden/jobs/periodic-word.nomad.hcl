job "cleanup" {
  type = "sysbatch"

  periodic {
    cron = "@daily"
  }

  task "tmpreaper" {
    driver = "raw_exec"

    config {
      command = "/usr/sbin/tmpreaper"
      args    = ["7d", "/tmp"]
    }
  }
}
