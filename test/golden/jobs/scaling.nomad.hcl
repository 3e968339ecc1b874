job "elastic" {
  group "workers" {
    scaling {
      enabled = true
      min     = 2
      max     = 20
      type    = "horizontal"

      policy {
        cooldown            = "1m"
        evaluation_interval = "10s"

        check "queue" {
          source = "prometheus"
          query  = "sum(queue_length)"

          strategy "target-value" {
            target = 50
          }
        }
      }
    }

    task "worker" {
      driver = "exec"
      config {
        command = "worker"
      }

      scaling "cpu" {
        enabled = false
        min     = 100
        max     = 2000
        policy {
          check "95pct" {
            strategy "app-sizing-percentile" {
              percentile = "95"
            }
          }
        }
      }

      scaling "mem" {
        max = 4096
      }
    }
  }
}
