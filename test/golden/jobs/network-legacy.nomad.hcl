job "networks" {
  group "g" {
    network {
      mode   = "cni/mynet"
      device = "eth1"
      cidr   = "10.0.0.0/24"
      ip     = "10.0.0.5"
      mbits  = 50

      reserved_ports "old" {
        static = 2222
      }

      port "both" {
        static = 3333
        to     = -1
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
