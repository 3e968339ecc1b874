job "native" {
  group "g" {
    service {
      name = "native"
      port = "8080"
      connect {
        native = true
      }
    }

    task "t" {
      driver = "exec"
      kind   = "connect-native:native"
      config {
        command = "t"
      }
    }
  }
}
