job "vaulted" {
  vault {
    policies             = ["app-read"]
    role                 = "app"
    namespace            = "team/app"
    cluster              = "main"
    env                  = false
    disable_file         = true
    change_mode          = "signal"
    change_signal        = "SIGUSR1"
    allow_token_expiration = true
  }

  group "g" {
    consul {
      namespace = "team"
      cluster   = "main"
      partition = "app"
    }

    task "inherits" {
      driver = "exec"
      config {
        command = "true"
      }

      identity {
        env  = true
        file = true
      }

      identity {
        name          = "aws"
        aud           = ["sts.amazonaws.com"]
        change_mode   = "signal"
        change_signal = "SIGHUP"
        env           = true
        file          = true
        filepath      = "local/aws.jwt"
        service_name  = "web"
        ttl           = "1h"
        extra_claims  = ["region", "tier"]
      }

      secret "db" {
        provider = "vault"
        path     = "secret/data/db"

        config {
          engine = "kv_v2"
        }

        env {
          VAULT_ADDR = "https://vault.internal:8200"
        }
      }
    }

    task "own" {
      driver = "exec"
      config {
        command = "true"
      }

      vault {
        role = "other"
      }

      consul {
        cluster = "second"
      }
    }
  }
}
