job "agent" {
  type = "system"
  group "agent" {
    task "agent" {
      driver = "raw_exec"
      config {
        command = "/usr/bin/agent"
      }
    }
  }
}
