
local function allowed(name)
  return names[name:toString():lower()] or domains:check(name)
end

local function leads_inside(record)
  if record.type == pdns.A or record.type == pdns.AAAA then
    local address = record:getCA()
    return address ~= nil and private:match(address)
  end
  if record.type == 64 or record.type == 65 then -- SVCB, HTTPS
    for hints in record:getContent():gmatch('ipv[46]hint="?([^%s"]+)') do
      for hint in hints:gmatch('[^,]+') do
        if private:match(newCA(hint)) then return true end
      end
    end
  end
  return false
end

-- An answer that leads inside is emptied, unless the question and all names that the answer passes are allowed.
function postresolve(dq)
  local inside, excepted = false, allowed(dq.qname)
  for _, record in pairs(dq:getRecords()) do
    inside = inside or leads_inside(record)
    excepted = excepted and (record.place ~= 1 or allowed(record.name))
  end
  if excepted or not inside then return false end
  pdnslog('blocked, since it leads inside: ' .. dq.qname:toString(), pdns.loglevels.Notice)
  dq:setRecords({})
  dq.rcode = pdns.NOERROR
  dq.extendedErrorCode = 15 -- Blocked (RFC 8914)
  return true
end
