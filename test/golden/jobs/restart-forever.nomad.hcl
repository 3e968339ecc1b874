job "keeper" {
  group "keeper" {
    restart {
      attempts = 3
      delay    = "5s"
      interval = "1m"
      mode     = "delay"
    }

    reschedule {
      delay          = "10s"
      delay_function = "constant"
      unlimited      = true
    }

    task "keeper" {
      driver = "exec"
      config {
        command = "keeper"
      }
      restart {
        attempts = 1
      }
    }
  }
}
