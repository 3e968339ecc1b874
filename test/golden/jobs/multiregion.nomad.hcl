job "everywhere" {
  multiregion {
    strategy {
      max_parallel = 1
      on_failure   = "fail_all"
    }

    region "eu" {
      count       = 3
      datacenters = ["fra1"]
      node_pool   = "web"
      meta {
        zone = "eu"
      }
    }

    region "us" {
      datacenters = ["iad1", "iad2"]
    }
  }

  task "t" {
    driver = "exec"
    config {
      command = "t"
    }
  }
}
