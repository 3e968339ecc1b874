job "plain" {
  group "plain" {
    task "plain" {
      driver = "exec"
      config {
        command = "/bin/sleep"
        args    = ["infinity"]
      }
    }
  }
}
