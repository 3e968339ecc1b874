# A web service with canaries that are promoted by themselves, and checks that decide about them.
variable "version" {
  type        = string
  default     = "3.4.1"
  description = "Release to run."
}

variable "count" {
  type    = number
  default = 4
}

locals {
  base = "https://artifacts.internal/shop-front"
  tags = ["http", "v${var.version}"]
}

job "shop-front" {
  region      = "eu"
  namespace   = "shop"
  datacenters = ["fra1", "fra2"]
  node_pool   = "web"
  type        = "service"
  priority    = 70

  ui {
    description = "The shop's **front**"
    link {
      label = "Runbook"
      url   = "https://wiki.internal/shop-front"
    }
    link {
      label = "Dashboards"
      url   = "https://grafana.internal/d/shop"
    }
  }

  meta {
    team    = "storefront"
    version = var.version
  }

  constraint {
    attribute = "${attr.kernel.name}"
    value     = "linux"
  }

  spread {
    attribute = "${node.datacenter}"
    weight    = 80

    target "fra1" {
      percent = 60
    }

    target "fra2" {
      percent = 40
    }
  }

  update {
    max_parallel      = 2
    canary            = 1
    min_healthy_time  = "15s"
    healthy_deadline  = "4m"
    progress_deadline = "12m"
    stagger           = "45s"
    health_check      = "checks"
    auto_revert       = true
    auto_promote      = true
  }

  group "front" {
    count = var.count

    network {
      mode     = "bridge"
      hostname = "front"

      port "http" {
        to = 8080
      }

      port "metrics" {
        static           = 9102
        host_network     = "private"
        ignore_collision = true
      }

      dns {
        servers  = ["10.0.0.2", "10.0.0.3"]
        searches = ["svc.internal"]
        options  = ["ndots:2"]
      }
    }

    service {
      name         = "shop-front"
      port         = "http"
      provider     = "nomad"
      tags         = local.tags
      canary_tags  = concat(local.tags, ["canary"])
      address_mode = "host"
      on_update    = "ignore_warnings"

      meta {
        version = var.version
      }

      canary_meta {
        version = "${var.version}-canary"
      }

      check {
        name                     = "alive"
        type                     = "http"
        path                     = "/healthz"
        method                   = "GET"
        protocol                 = "http"
        interval                 = "10s"
        timeout                  = "2s"
        initial_status           = "warning"
        success_before_passing   = 2
        failures_before_critical = 3
        failures_before_warning  = 1
        notes                    = "answers without the database"
        on_update                = "require_healthy"

        header {
          Host    = ["shop.internal"]
          X-Probe = ["nomad", "alive"]
        }

        check_restart {
          limit           = 3
          grace           = "20s"
          ignore_warnings = true
        }
      }

      check_restart {
        limit = 5
        grace = "1m"
      }
    }

    task "server" {
      driver       = "exec"
      user         = "www-data"
      kill_signal  = "SIGTERM"
      kill_timeout = "25s"

      config {
        command = "local/front/bin/server"
        args    = ["-listen", ":${NOMAD_PORT_http}", "-release", var.version]
      }

      artifact {
        source      = "${local.base}/${var.version}/front-linux-${attr.cpu.arch}.tar.gz"
        destination = "local/front"
        mode        = "dir"
        chown       = true

        options {
          checksum = "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
        }

        headers {
          X-Token = "${NOMAD_META_token}"
        }
      }

      env {
        LISTEN   = "0.0.0.0:${NOMAD_PORT_http}"
        NODE     = "${node.unique.name}"
        HOSTNAME = "${env["HOSTNAME"]}"
      }

      resources {
        cpu        = 500
        memory     = 512
        memory_max = 1024
      }
    }
  }
}
