job "parked" {
  group "parked" {
    count = 0
    task "t" {
      driver = "exec"
      config {
        command = "t"
      }
    }
  }
}
