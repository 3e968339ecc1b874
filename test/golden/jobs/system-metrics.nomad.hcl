job "node-exporter" {
  type = "system"

  group "exporter" {
    network {
      mode = "host"
      port "metrics" {
        static = 9100
      }
    }

    service {
      port = "metrics"
      tags = ["prometheus"]

      check {
        type     = "tcp"
        interval = "15s"
        timeout  = "3s"
      }
    }

    task "exporter" {
      driver = "exec"
      config {
        command = "/usr/bin/node_exporter"
        args    = ["--web.listen-address=:${NOMAD_PORT_metrics}", "--path.rootfs=/"]
      }
    }
  }
}
