job "updates" {
  update {
    max_parallel = 3
    canary       = 1
  }

  migrate {
    max_parallel = 2
  }

  reschedule {
    delay = "45s"
  }

  group "inherits" {
    count = 3
    task "t" {
      driver = "exec"
      config {
        command = "t"
      }
    }
  }

  group "overrides" {
    count = 2
    update {
      max_parallel = 1
      auto_revert  = true
    }
    migrate {
      min_healthy_time = "1m"
    }
    reschedule {
      max_delay = "30m"
    }
    task "t" {
      driver = "exec"
      config {
        command = "t"
      }
    }
  }
}
