job "loose" {
  priority    = "55"
  all_at_once = "true"

  group "g" {
    count = "2"

    ephemeral_disk {
      size   = "500"
      sticky = "false"
    }

    task "t" {
      driver       = "exec"
      kill_timeout = 15000000000
      leader       = "true"

      config {
        command = "t"
        number  = 1.5
        big     = 12345678901
        flag    = true
        nothing = null
        nested = {
          list = [1, "two", false]
        }
      }

      env {
        INT   = 5
        FLOAT = 2.50
        BOOL  = false
      }
    }
  }
}
