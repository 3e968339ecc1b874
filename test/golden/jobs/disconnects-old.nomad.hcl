job "edge" {
  group "edge" {
    stop_after_client_disconnect  = "2m"
    prevent_reschedule_on_lost    = true

    task "t" {
      driver = "exec"
      config {
        command = "t"
      }
    }
  }

  group "kiosk" {
    max_client_disconnect = "12h"

    task "t" {
      driver = "exec"
      config {
        command = "t"
      }
    }
  }

  group "new" {
    disconnect {
      stop_on_client_after = "90s"
    }

    task "t" {
      driver = "exec"
      config {
        command = "t"
      }
    }
  }
}
