// Answers BatchGet.
#ifndef PARACLE_SERVICE_BATCH_GET_HANDLER_H_
#define PARACLE_SERVICE_BATCH_GET_HANDLER_H_

#include "service/handler_context.h"
#include "service/method.h"

namespace paracle::service {

class BatchGetHandler final : public MethodHandler {
 public:
  explicit BatchGetHandler(const HandlerContext& context) : context_(context) {}
  void Handle(RequestScratch& scratch, PendingCall& call) override;

 private:
  const HandlerContext context_;
};

}  // namespace paracle::service

#endif  // PARACLE_SERVICE_BATCH_GET_HANDLER_H_
