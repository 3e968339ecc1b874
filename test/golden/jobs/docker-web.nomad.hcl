job "docker-web" {
  group "web" {
    network {
      port "http" {
        static = 8080
        to     = 80
      }
    }

    task "nginx" {
      driver = "docker"

      config {
        image      = "nginx:1.27"
        ports      = ["http"]
        force_pull = true

        labels = {
          team = "web"
        }

        mount {
          type     = "bind"
          source   = "local/nginx.conf"
          target   = "/etc/nginx/nginx.conf"
          readonly = true

          bind_options {
            propagation = "rslave"
          }
        }

        mount {
          type   = "tmpfs"
          target = "/var/cache/nginx"

          tmpfs_options {
            size = 100000
          }
        }

        logging {
          type = "fluentd"

          config {
            fluentd-address = "localhost:24224"
            tag             = "nginx"
          }
        }

        ulimit {
          nofile = "2048:4096"
        }
      }
    }
  }
}
