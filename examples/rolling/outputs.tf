output "load_balancer_name" {
  description = "Point the certificate's name here."
  value       = aws_lb.lb.dns_name
}

output "service_arn" {
  description = "For aws ecs tag-resource."
  value       = aws_ecs_service.service.id
}
