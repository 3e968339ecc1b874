job "audit" {
  type = "sysbatch"

  parameterized {
    payload       = "forbidden"
    meta_optional = ["since"]
  }

  constraint {
    attribute = "${attr.kernel.name}"
    operator  = "!="
    value     = "windows"
  }

  group "audit" {
    restart {
      attempts = 0
      mode     = "fail"
    }

    task "audit" {
      driver = "raw_exec"
      config {
        command = "/usr/bin/audit"
      }
    }
  }
}
