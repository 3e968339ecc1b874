job "secrets" {
  secret "shared" {
    provider = "nomad"
    path     = "nomad/jobs/secrets"
  }

  group "g" {
    task "a" {
      driver = "exec"
      config {
        command = "a"
        args    = ["${secret.shared.password}"]
      }
    }

    task "b" {
      driver = "exec"
      config {
        command = "b"
      }
      secret "shared" {
        provider = "vault"
        path     = "kv/b"
      }
    }
  }
}
