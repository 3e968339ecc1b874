job "fetcher" {
  type = "batch"

  task "t" {
    driver = "exec"

    config {
      command = "local/tool"
    }

    artifact {
      source = "git::https://github.com/example/repo.git?ref=v1.2&depth=1"
    }

    artifact {
      source      = "s3::https://s3.eu-central-1.amazonaws.com/bucket/key.zip"
      destination = "../alloc/data"
      options {
        region  = "eu-central-1"
        archive = "false"
      }
    }

    artifact {
      source   = "https://example.org/tool"
      mode     = "file"
      insecure = true
      options {
        checksum = "md5:d41d8cd98f00b204e9800998ecf8427e"
      }
    }

    artifact {
      source      = "http://example.org/${NOMAD_META_file}"
      destination = "local/${NOMAD_META_file}"
      mode        = "any"
    }
  }
}
