job "terminating" {
  group "gateway" {
    service {
      name = "api-gateway"
      port = "9000"

      connect {
        gateway {
          terminating {
            service {
              name      = "legacy-db"
              ca_file   = "/etc/ca.pem"
              cert_file = "/etc/cert.pem"
              key_file  = "/etc/key.pem"
              sni       = "db.internal"
            }
          }
        }
      }
    }

    service {
      name = "mesh"
      port = "9001"

      connect {
        gateway {
          mesh {}
        }
      }
    }

    task "t" {
      driver = "exec"
      config {
        command = "t"
      }
    }
  }
}
