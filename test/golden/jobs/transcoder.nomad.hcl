job "transcode" {
  type        = "batch"
  all_at_once = true

  parameterized {
    payload       = "required"
    meta_required = ["source", "profile"]
    meta_optional = ["priority"]
  }

  group "ffmpeg" {
    reschedule {
      attempts  = 0
      unlimited = false
    }

    task "ffmpeg" {
      driver = "exec"

      dispatch_payload {
        file = "recipe.json"
      }

      config {
        command = "/usr/bin/transcode"
        args    = ["${NOMAD_META_source}", "--profile=${NOMAD_META_profile}", "local/recipe.json"]
      }

      resources {
        cores  = 4
        memory = 4096

        device "nvidia/gpu" {
          count = 1

          constraint {
            attribute = "${device.attr.memory}"
            operator  = ">="
            value     = "4 GiB"
          }

          affinity {
            attribute = "${device.model}"
            value     = "T4"
            weight    = 25
          }
        }

        numa {
          affinity = "prefer"
          devices  = ["nvidia/gpu"]
        }
      }
    }
  }
}
