job "durations" {
  group "g" {
    shutdown_delay = "1.5s"

    update {
      min_healthy_time  = "1500ms"
      healthy_deadline  = "1h30m"
      progress_deadline = "2h45m30.5s"
      stagger           = "1m0s"
    }

    disconnect {
      lost_after = "8760h"
    }

    task "t" {
      driver         = "exec"
      kill_timeout   = "100us"
      shutdown_delay = "1ns"
      config {
        command = "t"
      }
    }
  }
}
