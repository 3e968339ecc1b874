job "empty" {
  meta {}
  update {}
  migrate {}
  ui {}

  group "g" {
    network {}
    ephemeral_disk {}
    restart {}
    service {
      port = "80"
    }
    task "t" {
      driver = "exec"
      config {}
      env {}
      meta {}
      resources {}
      logs {}
      template {
        data        = "x"
        destination = "local/x"
      }
    }
  }
}
