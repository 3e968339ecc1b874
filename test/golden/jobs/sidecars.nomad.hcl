job "sidecars" {
  group "app" {
    task "main" {
      driver = "exec"
      leader = true
      config {
        command = "app"
      }
    }

    task "logrotate" {
      driver = "exec"
      lifecycle {
        hook    = "poststart"
        sidecar = true
      }
      config {
        command = "logrotate"
      }
      resources {
        cpu    = 10
        memory = 10
      }
    }

    task "metrics" {
      driver = "exec"
      lifecycle {
        hook    = "poststart"
        sidecar = true
      }
      config {
        command = "statsd"
      }
      resources {
        cpu    = 10
        memory = 10
      }
    }
  }
}
