variable "port" {
  type    = number
  default = 8080
}

job "web" {
  datacenters = ["dc1"]
  priority    = 70

  group "web" {
    count = 2

    network {
      mode = "bridge"
      port "http" {
        to = var.port
      }
    }

    update {
      max_parallel = 1
      canary       = 1
    }

    service {
      name = "web-${attr.kernel.name}"
      port = "http"
      check {
        type     = "http"
        path     = "/healthz"
        method   = "POST"
        interval = "10s"
        timeout  = "2s"
      }
    }

    task "server" {
      driver = "exec"
      user   = "1000"
      config {
        command = "/bin/sh"
        args    = ["-c", "exec httpd -p ${NOMAD_PORT_http} -h $(pwd) ${API_PASSWORD} ${attr.kernel.name}"]
      }
      env {
        API_PASSWORD = "hunter2"
        WHERE        = "${NOMAD_ALLOC_DIR}/data"
      }
      kill_timeout   = "20s"
      shutdown_delay = "3s"
      resources {
        cpu        = 500
        memory     = 64
        memory_max = 128
      }
    }
  }
}
