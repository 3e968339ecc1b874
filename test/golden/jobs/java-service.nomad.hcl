job "billing" {
  namespace = "finance"
  type      = "service"

  group "billing" {
    count = 2

    network {
      port "http" {}
      port "jmx" {}
    }

    task "billing" {
      driver = "java"

      config {
        jar_path    = "local/billing.jar"
        jvm_options = ["-Xmx1g", "-XX:+UseZGC", "-Dcom.sun.management.jmxremote.port=${NOMAD_PORT_jmx}"]
        args        = ["--server.port=${NOMAD_PORT_http}"]
      }

      artifact {
        source = "https://nexus.internal/billing-7.1.0.jar"
        mode   = "file"
        destination = "local/billing.jar"
      }

      resources {
        cpu    = 2000
        memory = 1500
      }
    }
  }
}
