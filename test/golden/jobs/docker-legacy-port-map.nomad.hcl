job "legacy" {
  datacenters = ["dc1"]

  task "redis" {
    driver = "docker"

    config {
      image = "redis:3.2"

      port_map "db" {
        host = 6379
      }
    }

    resources {
      cpu    = 500
      memory = 256
      disk   = 0
      iops   = 0

      network {
        mbits = 10
        port "db" {}
        port "admin" {
          static = 16379
        }
      }
    }
  }
}
