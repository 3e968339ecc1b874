job "oneliner" {
  type = "batch"
  group "g" {
    task "t" {
      driver = "exec"
      config {
        command = "/bin/sh"
        args    = ["-c", "date; echo $((1 + 2)) $$ $${not_nomad} %%{ not a directive }"]
      }
    }
  }
}
