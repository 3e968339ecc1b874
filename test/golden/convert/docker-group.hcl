job "shop" {
  group "shop" {
    constraint {
      attribute = "${attr.cpu.arch}"
      value     = "amd64"
    }
    constraint {
      operator = "distinct_hosts"
      value    = "true"
    }
    constraint {
      attribute = "${meta.rack}"
      value     = "r1"
    }
    network {
      port "http" {
        static = 8080
      }
      port "admin" {}
    }
    volume "data" {
      type            = "csi"
      source          = "shop-data"
      access_mode     = "single-node-writer"
      attachment_mode = "file-system"
    }
    task "migrate" {
      driver = "docker"
      lifecycle {
        hook = "prestart"
      }
      config {
        image   = "example.com/shop:1"
        command = "/shop"
        args    = ["migrate"]
      }
    }
    task "proxy" {
      driver = "docker"
      lifecycle {
        hook    = "prestart"
        sidecar = true
      }
      config {
        image   = "example.com/proxy:1"
        command = "/proxy"
        ports   = ["admin"]
      }
    }
    task "goodbye" {
      driver = "docker"
      lifecycle {
        hook = "poststop"
      }
      config {
        image   = "example.com/shop:1"
        command = "/shop"
        args    = ["goodbye"]
      }
    }
    task "shop" {
      driver = "docker"
      leader = true
      config {
        image      = "example.com/shop:1"
        command    = "/shop"
        args       = ["serve", "--addr=${NOMAD_ADDR_http}", "--index=${NOMAD_ALLOC_INDEX}"]
        cap_add    = ["net_bind_service"]
        privileged = false
      }
      template {
        destination = "local/shop.conf"
        data        = "listen = 8080\n"
      }
      template {
        destination = "secrets/key.pem"
        data        = "not a key\n"
      }
      template {
        destination = "local/env"
        env         = true
        data        = "MODE=fast\n"
      }
      template {
        destination = "local/peers"
        data        = "{{ range nomadService \"shop\" }}{{ .Address }}{{ end }}"
      }
      volume_mount {
        volume      = "data"
        destination = "/data"
      }
      service {
        name     = "shop"
        port     = "http"
        provider = "nomad"
        check {
          type     = "tcp"
          interval = "5s"
          timeout  = "1s"
          check_restart {
            limit = 3
            grace = "30s"
          }
        }
      }
      resources {
        cores  = 1
        memory = 256
      }
    }
  }
}
