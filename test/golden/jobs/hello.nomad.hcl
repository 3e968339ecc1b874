job "hello" {
  datacenters = ["dc1"]
  type        = "batch"

  task "hello" {
    driver = "exec"

    config {
      command = "/bin/echo"
      args    = ["hello, world"]
    }
  }
}
