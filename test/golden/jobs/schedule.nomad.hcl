job "office-hours" {
  task "t" {
    driver = "exec"

    config {
      command = "t"
    }

    schedule {
      cron {
        start    = "0 8 * * MON-FRI"
        end      = "0 18"
        timezone = "Europe/Berlin"
      }
    }
  }
}
