# What Tidegate's stack says of itself.
data "aws_cloudformation_stack" "tidegate" {
  name = var.tidegate_stack
}

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  tidegate = data.aws_cloudformation_stack.tidegate.outputs
}

# ---- what it runs on -------------------------------------------------------------------------------------------------

resource "aws_ecs_cluster" "cluster" {
  #checkov:skip=CKV_AWS_65:Tidegate reads ECS's own metrics. Container Insights is billed for each task, and is the reader's choice.
  name = var.service_name
}

resource "aws_cloudwatch_log_group" "tasks" {
  #checkov:skip=CKV_AWS_158:CloudWatch Logs encrypts it with its own key; a key of one's own is the reader's choice.
  #checkov:skip=CKV_AWS_338:How long a service's lines are kept is the reader's choice.
  name              = "/ecs/${var.service_name}"
  retention_in_days = 30
}

# What ECS starts tasks with. The containers have no role: this service calls no AWS API.
resource "aws_iam_role" "execution" {
  name = "${var.service_name}-execution"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = data.aws_caller_identity.current.account_id } }
    }]
  })
}

resource "aws_iam_role_policy" "execution" {
  name = "start-tasks"
  role = aws_iam_role.execution.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # The call knows no resources.
        Effect   = "Allow"
        Action   = "ecr:GetAuthorizationToken"
        Resource = "*"
      },
      {
        Effect   = "Allow"
        Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        Resource = "arn:${data.aws_partition.current.partition}:ecr:*:${data.aws_caller_identity.current.account_id}:repository/*"
      },
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = "${aws_cloudwatch_log_group.tasks.arn}:*"
      },
    ]
  })
}

resource "aws_ecs_task_definition" "task" {
  family                   = var.service_name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  execution_role_arn       = aws_iam_role.execution.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.cpu_architecture
  }

  container_definitions = jsonencode([{
    name      = "app"
    image     = var.image
    essential = true
    # Not root, whatever the image says. It has to be able to run so.
    user                   = "1000"
    readonlyRootFilesystem = true
    portMappings           = [{ containerPort = var.container_port }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        "awslogs-group"         = aws_cloudwatch_log_group.tasks.name
        "awslogs-region"        = data.aws_region.current.region
        "awslogs-stream-prefix" = "app"
      }
    }
  }])
}

# ---- the way to it ---------------------------------------------------------------------------------------------------

resource "aws_security_group" "load_balancer" {
  name        = "${var.service_name}-load-balancer"
  description = "Load balancer of ${var.service_name}"
  vpc_id      = var.vpc_id
}

resource "aws_security_group" "tasks" {
  name        = "${var.service_name}-tasks"
  description = "Tasks of ${var.service_name}"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "everybody" {
  security_group_id = aws_security_group.load_balancer.id
  description       = "Everybody"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_ingress_rule" "smoke_requests" {
  security_group_id = aws_security_group.load_balancer.id
  description       = "Smoke requests, which come from Lambda's changing addresses; only new versions answer here"
  ip_protocol       = "tcp"
  from_port         = 8443
  to_port           = 8443
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_egress_rule" "to_tasks" {
  security_group_id            = aws_security_group.load_balancer.id
  description                  = "Tasks"
  ip_protocol                  = "tcp"
  from_port                    = var.container_port
  to_port                      = var.container_port
  referenced_security_group_id = aws_security_group.tasks.id
}

resource "aws_vpc_security_group_ingress_rule" "from_load_balancer" {
  security_group_id            = aws_security_group.tasks.id
  description                  = "The load balancer"
  ip_protocol                  = "tcp"
  from_port                    = var.container_port
  to_port                      = var.container_port
  referenced_security_group_id = aws_security_group.load_balancer.id
}

resource "aws_vpc_security_group_egress_rule" "to_aws" {
  security_group_id = aws_security_group.tasks.id
  description       = "ECR and CloudWatch Logs"
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_lb" "lb" {
  #checkov:skip=CKV_AWS_91:Access logs need a bucket, which is the reader's choice.
  #checkov:skip=CKV_AWS_150:An example is to be removed again.
  #checkov:skip=CKV2_AWS_28:A web ACL is the reader's choice.
  name                       = var.service_name
  load_balancer_type         = "application"
  internal                   = false
  subnets                    = var.load_balancer_subnets
  security_groups            = [aws_security_group.load_balancer.id]
  drop_invalid_header_fields = true
}

# The versions take turns: which group is whose is read from each deployment.

resource "aws_lb_target_group" "blue" {
  #checkov:skip=CKV_AWS_378:Within the VPC, from the load balancer to its tasks; an image that speaks TLS can have it.
  name        = "${var.service_name}-blue"
  vpc_id      = var.vpc_id
  target_type = "ip"
  protocol    = "HTTP"
  port        = var.container_port
  # How long a task that goes may end its requests; ECS's own default is five minutes.
  deregistration_delay = 30

  health_check {
    path              = var.health_path
    interval          = 10
    healthy_threshold = 2
    matcher           = "200"
  }
}

resource "aws_lb_target_group" "green" {
  #checkov:skip=CKV_AWS_378:Within the VPC, from the load balancer to its tasks; an image that speaks TLS can have it.
  name        = "${var.service_name}-green"
  vpc_id      = var.vpc_id
  target_type = "ip"
  protocol    = "HTTP"
  port        = var.container_port
  # How long a task that goes may end its requests; ECS's own default is five minutes.
  deregistration_delay = 30

  health_check {
    path              = var.health_path
    interval          = 10
    healthy_threshold = 2
    matcher           = "200"
  }
}

resource "aws_lb_listener" "production" {
  load_balancer_arn = aws_lb.lb.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      status_code  = "404"
    }
  }
}

# Where the new version answers before it has any traffic.
resource "aws_lb_listener" "test" {
  load_balancer_arn = aws_lb.lb.arn
  port              = 8443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type = "fixed-response"

    fixed_response {
      content_type = "text/plain"
      status_code  = "404"
    }
  }
}

# ECS moves the weights from here on. An apply that put the first ones back would send traffic nowhere.
resource "aws_lb_listener_rule" "production" {
  listener_arn = aws_lb_listener.production.arn
  priority     = 1

  condition {
    path_pattern {
      values = ["/*"]
    }
  }

  action {
    type = "forward"

    forward {
      target_group {
        arn    = aws_lb_target_group.blue.arn
        weight = 1
      }

      target_group {
        arn    = aws_lb_target_group.green.arn
        weight = 0
      }
    }
  }

  lifecycle {
    ignore_changes = [action]
  }
}

resource "aws_lb_listener_rule" "test" {
  listener_arn = aws_lb_listener.test.arn
  priority     = 1

  condition {
    path_pattern {
      values = ["/*"]
    }
  }

  action {
    type = "forward"

    forward {
      target_group {
        arn    = aws_lb_target_group.blue.arn
        weight = 1
      }

      target_group {
        arn    = aws_lb_target_group.green.arn
        weight = 0
      }
    }
  }

  lifecycle {
    ignore_changes = [action]
  }
}

# What ECS shifts traffic with.
resource "aws_iam_role" "infrastructure" {
  name = "${var.service_name}-infrastructure"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

# As AWS's AmazonECSInfrastructureRolePolicyForLoadBalancers, and for this load balancer only.
resource "aws_iam_role_policy" "infrastructure" {
  name = "shift-traffic"
  role = aws_iam_role.infrastructure.id

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        # The calls know no resources.
        Effect = "Allow"
        Action = [
          "elasticloadbalancing:DescribeListeners",
          "elasticloadbalancing:DescribeRules",
          "elasticloadbalancing:DescribeTargetGroups",
          "elasticloadbalancing:DescribeTargetHealth",
        ]
        Resource = "*"
      },
      {
        Effect   = "Allow"
        Action   = ["elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:RegisterTargets"]
        Resource = [aws_lb_target_group.blue.arn, aws_lb_target_group.green.arn]
      },
      {
        Effect = "Allow"
        Action = ["elasticloadbalancing:ModifyListener", "elasticloadbalancing:ModifyRule"]
        Resource = [
          aws_lb_listener.production.arn,
          aws_lb_listener.test.arn,
          aws_lb_listener_rule.production.arn,
          aws_lb_listener_rule.test.arn,
        ]
      },
    ]
  })
}

# ---- what wakes Tidegate ---------------------------------------------------------------------------------------------

# Wakes the scaler, which raises within seconds and not at the next minute.
resource "aws_cloudwatch_metric_alarm" "hot" {
  alarm_name          = "${var.service_name}-hot"
  alarm_description   = "Tasks of ${var.service_name} are busy. Tidegate raises their number where its tag lets it."
  namespace           = "AWS/ECS"
  metric_name         = "CPUUtilization"
  dimensions          = { ClusterName = aws_ecs_cluster.cluster.name, ServiceName = var.service_name }
  statistic           = "Average"
  period              = 60
  evaluation_periods  = 1
  threshold           = 85
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.tidegate["AlarmTopicArn"]]
}

# Stops deployments: its name is in the service's tag tidegate:alarms, and in its deployments.
resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${var.service_name}-errors"
  alarm_description   = "Tasks of ${var.service_name} answer with errors. A deployment in progress is rolled back."
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_Target_5XX_Count"
  dimensions          = { LoadBalancer = aws_lb.lb.arn_suffix }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  # As many as nobody should get. How many are too many of how many is the canary gate's to judge.
  threshold           = 50
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = [local.tidegate["AlarmTopicArn"]]
}

# ---- the service -----------------------------------------------------------------------------------------------------

resource "aws_ecs_service" "service" {
  name                              = var.service_name
  cluster                           = aws_ecs_cluster.cluster.id
  task_definition                   = aws_ecs_task_definition.task.arn
  launch_type                       = "FARGATE"
  desired_count                     = var.min_tasks
  health_check_grace_period_seconds = 60

  network_configuration {
    subnets          = var.task_subnets
    security_groups  = [aws_security_group.tasks.id]
    assign_public_ip = false
  }

  load_balancer {
    container_name   = "app"
    container_port   = var.container_port
    target_group_arn = aws_lb_target_group.blue.arn

    advanced_configuration {
      alternate_target_group_arn = aws_lb_target_group.green.arn
      production_listener_rule   = aws_lb_listener_rule.production.arn
      test_listener_rule         = aws_lb_listener_rule.test.arn
      role_arn                   = aws_iam_role.infrastructure.arn
    }
  }

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  alarms {
    enable      = true
    rollback    = true
    alarm_names = [aws_cloudwatch_metric_alarm.errors.alarm_name]
  }

  deployment_configuration {
    strategy             = "CANARY"
    bake_time_in_minutes = 10

    # Fewer percent, or fewer minutes, and most services have too few requests to tell a bad version by.
    canary_configuration {
      canary_percent              = 10
      canary_bake_time_in_minutes = 10
    }

    dynamic "lifecycle_hook" {
      for_each = var.hooks ? ["DeployHook"] : []

      content {
        hook_target_arn = local.tidegate["DeployHookArn"]
        role_arn        = local.tidegate["EcsHookRoleArn"]
        lifecycle_stages = [
          "PRE_SCALE_UP",
          "POST_SCALE_UP",
          "POST_TEST_TRAFFIC_SHIFT",
          "PRE_PRODUCTION_TRAFFIC_SHIFT",
          "POST_PRODUCTION_TRAFFIC_SHIFT",
        ]
      }
    }

    dynamic "lifecycle_hook" {
      for_each = var.hooks ? ["CanaryGate"] : []

      content {
        hook_target_arn  = local.tidegate["CanaryGateArn"]
        role_arn         = local.tidegate["EcsHookRoleArn"]
        lifecycle_stages = ["PRE_PRODUCTION_TRAFFIC_SHIFT", "POST_PRODUCTION_TRAFFIC_SHIFT"]
      }
    }
  }

  tags = {
    "tidegate:scale"  = var.scale_mode
    "tidegate:min"    = tostring(var.min_tasks)
    "tidegate:max"    = tostring(var.max_tasks)
    "tidegate:gate"   = var.gate_mode
    "tidegate:scan"   = var.scan_mode
    "tidegate:hook"   = var.hook_mode
    "tidegate:alarms" = aws_cloudwatch_metric_alarm.errors.alarm_name
    "tidegate:smoke"  = "GET ${var.health_path} 200 2s host=${var.host_name}"
  }

  # The scaler sets the count. Which group is whose is ECS's to say.
  lifecycle {
    ignore_changes = [desired_count, load_balancer]
  }

  # Without its rights ECS could not shift the first version's traffic.
  depends_on = [aws_iam_role_policy.infrastructure]
}
