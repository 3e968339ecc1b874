job "shards" {
  dynamic "group" {
    for_each = range(12)
    iterator = shard
    labels   = [format("shard-%02d", shard.value)]

    content {
      task "shard" {
        driver = "exec"
        config {
          command = "shard"
          args    = ["${shard.value}"]
        }
        resources {
          cpu    = 50 + shard.value * 10
          memory = 64
        }
      }
    }
  }
}
