// Answers Get.
#ifndef PARACLE_SERVICE_GET_HANDLER_H_
#define PARACLE_SERVICE_GET_HANDLER_H_

#include "service/handler_context.h"
#include "service/method.h"

namespace paracle::service {

class GetHandler final : public MethodHandler {
 public:
  explicit GetHandler(const HandlerContext& context) : context_(context) {}
  void Handle(RequestScratch& scratch, PendingCall& call) override;

 private:
  const HandlerContext context_;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_GET_HANDLER_H_
