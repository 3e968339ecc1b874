job "ingress" {
  group "ingress" {
    network {
      mode = "bridge"
      port "inbound" {
        static = 8443
        to     = 8443
      }
    }

    service {
      name = "ingress"
      port = "8443"

      connect {
        gateway {
          proxy {
            connect_timeout                     = "500ms"
            envoy_gateway_bind_tagged_addresses = true
            envoy_gateway_no_default_bind       = true
            envoy_dns_discovery_type            = "STRICT_DNS"

            envoy_gateway_bind_addresses "default" {
              address = "0.0.0.0"
              port    = 8443
            }

            config {
              a = 1
            }
          }

          ingress {
            tls {
              enabled         = true
              tls_min_version = "TLSv1_2"
              tls_max_version = "TLSv1_3"
              cipher_suites   = ["TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"]

              sds {
                cluster_name  = "sds"
                cert_resource = "cert"
              }
            }

            listener {
              port     = 8443
              protocol = "http"

              service {
                name                    = "api"
                hosts                   = ["api.example.org"]
                max_connections         = 100
                max_pending_requests    = 200
                max_concurrent_requests = 300

                request_headers {
                  add {
                    x-a = "1"
                  }
                  set {
                    x-b = "2"
                  }
                  remove = ["x-c"]
                }

                response_headers {
                  set {
                    x-d = "3"
                  }
                }

                tls {
                  sds {
                    cert_resource = "other"
                  }
                }
              }
            }
          }
        }
      }
    }

    task "placeholder" {
      driver = "exec"
      config {
        command = "sleep"
        args    = ["infinity"]
      }
    }
  }
}
