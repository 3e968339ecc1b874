# A schema migration before, a cache warmer behind and a report after the server.
job "ledger" {
  type = "service"

  group "ledger" {
    count = 2

    shutdown_delay = "5s"

    migrate {
      max_parallel     = 1
      health_check     = "task_states"
      min_healthy_time = "30s"
      healthy_deadline = "10m"
    }

    task "migrate" {
      lifecycle {
        hook    = "prestart"
        sidecar = false
      }

      driver = "exec"
      config {
        command = "bin/migrate"
        args    = ["up"]
      }
    }

    task "proxy" {
      lifecycle {
        hook    = "prestart"
        sidecar = true
      }

      driver = "exec"
      config {
        command = "bin/proxy"
      }

      restart {
        attempts = 10
        interval = "10m"
        delay    = "5s"
        mode     = "delay"
      }
    }

    task "server" {
      driver         = "exec"
      leader         = true
      shutdown_delay = "2s"

      config {
        command = "bin/ledger"
      }

      action "dump" {
        command = "/bin/sh"
        args    = ["-c", "kill -QUIT 1"]
      }

      action "version" {
        command = "bin/ledger"
        args    = ["version"]
      }
    }

    task "warm" {
      lifecycle {
        hook = "poststart"
      }

      driver = "exec"
      config {
        command = "bin/warm"
      }
    }

    task "report" {
      lifecycle {
        hook = "poststop"
      }

      driver = "exec"
      config {
        command = "bin/report"
      }
    }
  }
}
