variable "tidegate_stack" {
  description = "The stack of Tidegate in this region and account, whose outputs are read."
  type        = string
  default     = "tidegate"
}

variable "scale_mode" {
  description = "The tag tidegate:scale. In shadow the scaler says what it would do."
  type        = string
  default     = "shadow"

  validation {
    condition     = contains(["off", "shadow", "on"], var.scale_mode)
    error_message = "Must be off, shadow or on."
  }
}

variable "gate_mode" {
  description = "The tag tidegate:gate. In shadow the canary gate says which deployments it would stop."
  type        = string
  default     = "shadow"

  validation {
    condition     = contains(["off", "shadow", "on"], var.gate_mode)
    error_message = "Must be off, shadow or on."
  }
}

variable "scan_mode" {
  description = "The tag tidegate:scan. In shadow the scan gate says which images it would keep out."
  type        = string
  default     = "shadow"

  validation {
    condition     = contains(["off", "shadow", "on"], var.scan_mode)
    error_message = "Must be off, shadow or on."
  }
}

variable "hook_mode" {
  description = "The tag tidegate:hook. In shadow each stage passes, and a message says what would have held it up."
  type        = string
  default     = "shadow"

  validation {
    condition     = contains(["off", "shadow", "on"], var.hook_mode)
    error_message = "Must be off, shadow or on."
  }
}

variable "min_tasks" {
  description = "The fewest tasks that the scaler may leave."
  type        = number
  default     = 2

  validation {
    condition     = var.min_tasks >= 1 && var.min_tasks <= var.max_tasks
    error_message = "Must be at least 1 and at most max_tasks."
  }
}

variable "max_tasks" {
  description = "The most tasks that it may start."
  type        = number
  default     = 10

  validation {
    condition     = var.max_tasks >= 1 && var.max_tasks <= 5000
    error_message = "Must be from 1 to 5000."
  }
}

variable "service_name" {
  description = "Name of the service, of its cluster and of its task definitions."
  type        = string
  default     = "shop"

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9-]{0,25}$", var.service_name))
    error_message = "Must be at most 26 letters, digits and hyphens."
  }
}

variable "image" {
  description = "The image in ECR, with its tag or digest. It listens on container_port, does not run as root, and writes nothing to its own file system."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}\\.dkr\\.ecr\\.[a-z0-9-]+\\.amazonaws\\.com(\\.cn)?/[a-z0-9._/-]+(:[A-Za-z0-9_][A-Za-z0-9._-]*|@sha256:[0-9a-f]{64})$", var.image))
    error_message = "Must be an image in ECR with a tag or a digest."
  }
}

variable "cpu_architecture" {
  description = "The CPU architecture of the image."
  type        = string
  default     = "X86_64"

  validation {
    condition     = contains(["X86_64", "ARM64"], var.cpu_architecture)
    error_message = "Must be X86_64 or ARM64."
  }
}

variable "container_port" {
  description = "The port that the container listens on."
  type        = number
  default     = 8080

  validation {
    condition     = var.container_port >= 1024 && var.container_port <= 65535
    error_message = "Must be from 1024 to 65535."
  }
}

variable "health_path" {
  description = "What the load balancer asks, and the smoke request; answered with 200."
  type        = string
  default     = "/health"
}

variable "vpc_id" {
  description = "The VPC of everything."
  type        = string
}

variable "load_balancer_subnets" {
  description = "Public subnets in two availability zones at least."
  type        = list(string)
}

variable "task_subnets" {
  description = "Private subnets with a way to ECR and CloudWatch Logs, by a NAT gateway or VPC endpoints."
  type        = list(string)
}

variable "host_name" {
  description = "The name that the certificate is for, such as shop.example.com; point it at the load balancer."
  type        = string
}

variable "certificate_arn" {
  description = "The certificate in ACM of that name."
  type        = string
}
