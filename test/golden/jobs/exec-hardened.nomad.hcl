job "hardened" {
  task "t" {
    driver = "exec"
    user   = "65534"

    config {
      command  = "/usr/bin/env"
      args     = ["-i", "id"]
      pid_mode = "private"
      ipc_mode = "private"
      cap_drop = ["all"]
      cap_add  = ["net_bind_service"]
      work_dir = "/local"
    }

    resources {
      cpu        = 20
      memory     = 16
      memory_max = 32
      secrets    = 2
    }

    logs {
      disabled = true
    }
  }
}
