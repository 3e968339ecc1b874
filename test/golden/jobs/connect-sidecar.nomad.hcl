job "connected" {
  group "api" {
    network {
      mode = "bridge"
      cni {
        args = {
          "nomad.test" = "true"
        }
      }
    }

    service {
      name                = "api"
      port                = "9001"
      enable_tag_override = true
      cluster             = "default"
      kind                = "connect-proxy"
      address             = "10.1.2.3"
      task                = "api"

      tagged_addresses {
        wan = "192.0.2.1:80"
      }

      weights {
        passing = 10
        warning = 2
      }

      identity {
        aud = ["consul.io"]
        ttl = "30m"
      }

      connect {
        sidecar_service {
          tags                      = ["proxy"]
          port                      = "20000"
          disable_default_tcp_check = true

          meta {
            a = "b"
          }

          proxy {
            local_service_address = "127.0.0.1"
            local_service_port    = 9001

            expose {
              path {
                path            = "/healthz"
                protocol        = "http"
                local_path_port = 9001
                listener_port   = "hc"
              }
            }

            upstreams {
              destination_name       = "db"
              destination_namespace  = "data"
              destination_peer       = "peer1"
              destination_partition  = "part1"
              destination_type       = "service"
              datacenter             = "dc2"
              local_bind_port        = 5432
              local_bind_address     = "127.0.0.1"
              local_bind_socket_path = "/tmp/db.sock"
              local_bind_socket_mode = "0600"

              mesh_gateway {
                mode = "local"
              }

              config {
                connect_timeout_ms = 8000
              }
            }

            transparent_proxy {
              uid                    = "101"
              outbound_port          = 15001
              exclude_inbound_ports  = ["hc"]
              exclude_outbound_ports = [443, 80]
              exclude_outbound_cidrs = ["10.0.0.0/8"]
              exclude_uids           = ["102"]
              no_dns                 = true
            }

            config {
              protocol = "grpc"
            }
          }
        }

        sidecar_task {
          name           = "proxy"
          driver         = "docker"
          user           = "envoy"
          kill_timeout   = "7s"
          kill_signal    = "SIGQUIT"
          shutdown_delay = "3s"

          config {
            image = "envoy:1.30"
          }

          env {
            A = "1"
          }

          meta {
            b = "2"
          }

          resources {
            cpu    = 50
            memory = 64
          }

          logs {
            max_files     = 2
            max_file_size = 2
            disabled      = false
          }

          volume_mount {
            volume      = "certs"
            destination = "/certs"
          }

          identity {
            name = "envoy"
            aud  = ["consul.io"]
          }
        }
      }

      check {
        name            = "grpc"
        type            = "grpc"
        port            = "9001"
        grpc_service    = "api.Health"
        grpc_use_tls    = true
        tls_server_name = "api.internal"
        tls_skip_verify = true
        interval        = "10s"
        timeout         = "2s"
        expose          = false
        address_mode    = "alloc"
        advertise       = "api.example.org"
      }

      check {
        name     = "script"
        type     = "script"
        task     = "api"
        command  = "/bin/check"
        args     = ["-q"]
        interval = "30s"
        timeout  = "5s"
      }

      check {
        name     = "post"
        type     = "http"
        path     = "/probe"
        method   = "POST"
        body     = jsonencode({ deep = true })
        interval = "1m"
        timeout  = "5s"
      }
    }

    task "api" {
      driver = "exec"
      config {
        command = "api"
      }
    }
  }
}
