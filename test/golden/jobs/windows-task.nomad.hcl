job "iis" {
  constraint {
    attribute = "${attr.kernel.name}"
    value     = "windows"
  }

  task "iis" {
    driver = "raw_exec"
    config {
      command = "C:\\Windows\\System32\\inetsrv\\w3wp.exe"
      args    = ["-debug", "C:\\inetpub"]
    }
  }
}
