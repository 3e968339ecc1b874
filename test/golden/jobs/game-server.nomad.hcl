job "game" {
  type      = "service"
  priority  = 100
  node_pool = "games"

  group "match" {
    count = 10

    network {
      port "udp" {}
      port "rcon" {
        host_network = "admin"
      }
    }

    reschedule {
      attempts  = 2
      interval  = "10m"
      delay     = "5s"
      delay_function = "exponential"
      max_delay = "30s"
      unlimited = false
    }

    task "server" {
      driver      = "exec"
      kill_signal = "SIGUSR2"
      config {
        command = "bin/gameserver"
        args    = ["+port", "${NOMAD_HOST_PORT_udp}", "+ip", "${attr.unique.network.ip-address}"]
      }
      resources {
        cores      = 1
        memory     = 700
        memory_max = -1
      }
    }
  }
}
